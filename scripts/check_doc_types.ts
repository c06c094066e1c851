/** Type-checks the examples of the documentation that are run. Runs under Node 26. */

import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { type DocBlock, docBlocks, moduleOf } from "../tests/support/doc_blocks.ts";
import { projectRoot } from "../tests/support/runtime.ts";

const folder = join(projectRoot, ".tmp", "doc-types");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const runnable = docBlocks().filter((block: DocBlock) => block.ignored === undefined);
const files = runnable.map((block, index) => {
	const file = join(folder, `block_${index}.ts`);
	// Line 1 holds what makes it a module, so that the compiler's line is that of the block, less one.
	writeFileSync(file, `export {};\n${moduleOf(block, folder)}`);
	return { file, name: block.name };
});
const compilerOptions = { isolatedDeclarations: false, declaration: false, noUnusedLocals: false };
writeFileSync(
	join(folder, "tsconfig.json"),
	JSON.stringify({
		extends: "../../tsconfig.json",
		compilerOptions,
		include: [],
		files: files.map(({ file }) => file),
	}),
);

const compiler = join(projectRoot, "node_modules", "typescript", "bin", "tsc");
const { status, stdout } = spawnSync(process.execPath, [compiler, "-p", folder, "--pretty", "false"], {
	encoding: "utf8",
	cwd: folder,
});
const named = stdout.replace(/^block_(\d+)\.ts\((\d+),/gm, (_match, index, line) => {
	return `${files[Number(index)]?.name}, line ${Number(line) - 1} of the block (`;
});
console.log(status === 0 ? `${files.length} examples have the right types` : named);
process.exit(status === 0 ? 0 : 1);
