import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { assert, assertStrictEquals } from "./support/assert.ts";
import { type DocBlock, docBlocks, moduleOf } from "./support/doc_blocks.ts";
import { projectRoot, type RunResult, runInRuntime, runsTypeScript } from "./support/runtime.ts";

/** An example must end by itself, in so many milliseconds. */
const BLOCK_LIMIT = 10_000;
/** Blocks that share a process while all goes well: starting one costs more than running most examples. */
const BATCH = 12;

const folder = join(projectRoot, ".tmp", `docs-${process.pid}`);
const blocks = docBlocks();
const runnable = blocks.filter(({ ignored }) => ignored === undefined);

function write(name: string, code: string): string {
	const path = join(folder, name);
	writeFileSync(path, code);
	return relative(projectRoot, path);
}

function run(file: string, timeout: number): Promise<RunResult> {
	return runInRuntime(file, [], { timeout });
}

/** Runs blocks one after the other in one process. True if every one of them ended well, and then the process. */
async function runTogether(files: readonly string[], name: string): Promise<boolean> {
	const imports = files.map((file) => `await import(${JSON.stringify(`./${file.split(/[\\/]/).at(-1)}`)});`);
	const all = write(name, `${imports.join("\n")}\nconsole.log("\\nALL BLOCKS ENDED");\n`);
	const { code, stdout } = await run(all, BLOCK_LIMIT * 2);
	return code === 0 && stdout.trimEnd().endsWith("ALL BLOCKS ENDED");
}

const passedTogether = new Map<string, Promise<boolean>>();

if (!runsTypeScript) test("documentation examples", { skip: "this runtime does not run TypeScript" }, () => {});

describe("documentation examples", { skip: !runsTypeScript }, () => {
	mkdirSync(folder, { recursive: true });
	after(() => rmSync(folder, { recursive: true, force: true }));
	const fileOf = (block: DocBlock): string => `block_${runnable.indexOf(block)}.ts`;

	test("there are some, and each ignored one says why", () => {
		assert(runnable.length > 0, "No runnable example in README.md, docs/ or the doc comments");
		assertStrictEquals(
			blocks
				.filter(({ ignored }) => ignored === "")
				.map(({ name }) => name)
				.join(", "),
			"",
		);
	});

	for (const block of runnable) {
		test(block.name, async () => {
			const number = Math.floor(runnable.indexOf(block) / BATCH);
			const batch = runnable.slice(number * BATCH, (number + 1) * BATCH);
			const key = `batch_${number}.ts`;
			let together = passedTogether.get(key);
			if (together === undefined) {
				const files = batch.map((member) => write(fileOf(member), moduleOf(member, folder)));
				together = runTogether(files, key);
				passedTogether.set(key, together);
			}
			if (await together) return;
			// One of the batch failed, hung or ended the process: alone, each shows what it does.
			const { code, signal, stdout, stderr, timedOut } = await run(
				relative(projectRoot, join(folder, fileOf(block))),
				BLOCK_LIMIT,
			);
			assert(!timedOut, `The example did not end in ${BLOCK_LIMIT} ms; it printed:\n${stdout}${stderr}`);
			assert(code === 0, `The example ended with ${signal ?? code}:\n${stdout}${stderr}`);
		});
	}
});
