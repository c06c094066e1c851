/** The TypeScript examples of the documentation: where they are, and how one becomes a module. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { projectRoot } from "./runtime.ts";

/** One fenced block. */
export interface DocBlock {
	/** File and line of the block, such as `"README.md:12"`. */
	readonly name: string;
	/** The code, as written. */
	readonly code: string;
	/** Why it is not run: the text after "ignore:", `""` when that is missing, `undefined` when it is run. */
	readonly ignored: string | undefined;
}

const display = (path: string): string => relative(projectRoot, path).split(sep).join("/");

/** The fenced ts blocks of a text, whose lines are those of `path` from `firstLine` on. */
function blocksOf(lines: readonly string[], path: string, firstLine: number): DocBlock[] {
	const blocks: DocBlock[] = [];
	let open: { info: string; line: number; indent: string; code: string[] } | undefined;
	lines.forEach((line, index) => {
		const fence = /^(\s*)```(.*)$/.exec(line);
		if (open === undefined) {
			if (fence) open = { info: fence[2] ?? "", line: firstLine + index, indent: fence[1] ?? "", code: [] };
			return;
		}
		if (!fence) {
			open.code.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
			return;
		}
		const info = /^(?:ts|typescript)\b\s*(.*)$/.exec(open.info.trim());
		if (info) {
			const ignore = /^ignore\b:?\s*(.*)$/.exec(info[1] ?? "");
			const name = `${display(path)}:${open.line}`;
			blocks.push({ name, code: `${open.code.join("\n")}\n`, ignored: ignore?.[1]?.trim() });
		}
		open = undefined;
	});
	return blocks;
}

/** The blocks in the doc comments of a source file. */
function blocksOfSource(path: string): DocBlock[] {
	const text = readFileSync(path, "utf8");
	return [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap((comment) => {
		const firstLine = text.slice(0, comment.index).split("\n").length;
		const lines = comment[0].split("\n").map((line) => line.replace(/^\s*\* ?/, ""));
		return blocksOf(lines, path, firstLine);
	});
}

/** The TypeScript sources of the package's entry points, by specifier: `"netquay/node"` to a path. */
function entryPoints(): Map<string, string> {
	const { exports } = JSON.parse(readFileSync(join(projectRoot, "deno.json"), "utf8")) as {
		exports: Record<string, string>;
	};
	return new Map(Object.entries(exports).map(([key, path]) => [`netquay${key.slice(1)}`, join(projectRoot, path)]));
}

/** The sources that a user reaches from the entry points. */
function reachableSources(): string[] {
	const found = new Set<string>();
	const waiting = [...entryPoints().values()].filter((path) => existsSync(path));
	for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
		if (found.has(path)) continue;
		found.add(path);
		for (const match of readFileSync(path, "utf8").matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+\.ts)"/g)) {
			const target = resolve(dirname(path), match[1] ?? "");
			if (existsSync(target)) waiting.push(target);
		}
	}
	return [...found].sort();
}

function markdownFiles(): string[] {
	const docs = join(projectRoot, "docs");
	const names = existsSync(docs) ? (readdirSync(docs, { recursive: true }) as string[]) : [];
	const pages = names.filter((name) => name.endsWith(".md")).map((name) => join(docs, name));
	return [join(projectRoot, "README.md"), ...pages.sort()].filter((path) => existsSync(path));
}

/** Every block of the README, of docs/ and of the doc comments. */
export function docBlocks(): DocBlock[] {
	return [
		...markdownFiles().flatMap((path) => blocksOf(readFileSync(path, "utf8").split("\n"), path, 1)),
		...reachableSources().flatMap(blocksOfSource),
	];
}

/** The code of a block as a module in `folder`: imports of the package become imports of its sources. */
export function moduleOf(block: DocBlock, folder: string): string {
	const entries = entryPoints();
	return block.code.replace(
		/(\b(?:from|import)\s*\(?\s*)(["'])(netquay(?:\/\w+)?)\2/g,
		(all, before, quote, specifier) => {
			const target = entries.get(specifier);
			if (target === undefined) return all;
			const path = relative(folder, target).split(sep).join("/");
			return `${before}${quote}${path.startsWith(".") ? path : `./${path}`}${quote}`;
		},
	);
}
