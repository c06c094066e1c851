/** Which test files there are, and which of them choose their backend by NETQUAY_TEST_BACKEND. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { root } from "./runtimes.mjs";

const tests = join(root, "tests");

function sources() {
	if (!existsSync(tests)) return [];
	return readdirSync(tests, { recursive: true })
		.filter((name) => name.endsWith(".ts"))
		.map((name) => join(tests, name))
		.sort();
}

const display = (path) => relative(root, path).split(sep).join("/");

/** Every tests/**\/*.test.ts, as paths from the project's directory, with "/". */
export function testFiles() {
	return sources()
		.filter((path) => path.endsWith(".test.ts"))
		.map(display);
}

/** The test files that read NETQUAY_TEST_BACKEND, themselves or through a file of tests/ that they import. */
export function backendNeutralFiles() {
	const imports = new Map();
	const reading = new Set();
	for (const path of sources()) {
		const text = readFileSync(path, "utf8");
		if (text.includes("NETQUAY_TEST_BACKEND")) reading.add(path);
		const specifiers = [...text.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((match) => match[1]);
		imports.set(
			path,
			specifiers.map((specifier) => resolve(dirname(path), specifier)),
		);
	}
	let before = -1;
	while (reading.size !== before) {
		before = reading.size;
		for (const [path, targets] of imports) if (targets.some((target) => reading.has(target))) reading.add(path);
	}
	return [...reading]
		.filter((path) => path.endsWith(".test.ts"))
		.map(display)
		.sort();
}
