/**
 * Writes docs/support.md: what each backend can do, from the conformance suite, and the notes beside this script.
 * `node scripts/support_table.mjs [--check]`; with `--check` it fails when the page is out of date.
 */

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, runtime } from "./runtimes.mjs";

const page = join(root, "docs", "support.md");

/** A report of tests/fixtures/support_report.ts, by the names of the backends. */
function reportOf(name, ...backends) {
	const { command, args } = runtime(name);
	const { status, stdout, stderr } = spawnSync(
		command,
		[...args, join("tests", "fixtures", "support_report.ts"), ...backends],
		{
			cwd: root,
			encoding: "utf8",
			timeout: 120_000,
		},
	);
	if (status !== 0) throw new Error(`Cannot get the report of ${name}: ${stderr}`);
	return JSON.parse(stdout.trim().split("\n").at(-1));
}

function versionOf(name) {
	const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
	return devDependencies[name];
}

const onNode = reportOf("node 26", "own", "simulated", "custom");
const onBun = reportOf("bun", "own", "node");
const onDeno = reportOf("deno", "own", "node");

const columns = [
	["Node", onNode.own],
	["Bun", onBun.own],
	["Deno", onDeno.own],
	["Node driver on Bun", onBun.node],
	["Node driver on Deno", onDeno.node],
	["simulated", onNode.simulated],
	["custom example", onNode.custom],
];

const failed = columns.flatMap(([name, { cases }]) =>
	cases.filter(({ status }) => status === "failed").map(({ id, error }) => `${id} on ${name}: ${error}`),
);
if (failed.length > 0) {
	console.error(`Cannot write the page, as not all cases pass:\n${failed.join("\n")}`);
	process.exit(1);
}

/** The first sentence of each capability's doc comment. */
function capabilityTexts() {
	const source = readFileSync(join(root, "src", "backend", "capabilities.ts"), "utf8");
	return [...source.matchAll(/\/\*\* (.*?) \*\/\n\treadonly (\w+): boolean;/g)].map(([, text, name]) => [
		name,
		text.replace(/\. [A-Z].*$/, ".").replace(/\.$/, ""),
	]);
}

const row = (cells) => `| ${cells.join(" | ")} |`;
const names = columns.map(([name]) => name);
const rule = (count) => `|---|${":-:|".repeat(count)}`;

const capabilities = capabilityTexts().map(([name, text]) =>
	row([`\`${name}\`: ${text}`, ...columns.map(([, report]) => (report.capabilities[name] ? "yes" : "–"))]),
);

const MARKS = { passed: "yes", unsupported: "–" };
const cases = onNode.own.cases.map(({ id, title }, index) =>
	row([`\`${id}\` ${title}`, ...columns.map(([, report]) => MARKS[report.cases[index].status])]),
);

const text = `# What runs where

This page is written by \`npm run support-table\`, from the conformance suite (\`netquay/testing\`) on Node ${versionOf("node")},
Bun ${versionOf("bun")} and Deno ${versionOf("deno")}, on Linux. The same suite passes on Node 20, 22 and 24. "Custom example" is
\`examples/custom_backend.ts\`.

## Capabilities

\`backend.capabilities\` says the same to a program. What a backend lacks fails when it is asked for, with
\`UnsupportedOperationError\`; nothing falls back silently.

${row(["", ...names])}
${rule(names.length)}
${capabilities.join("\n")}

## Behaviour

"–": the backend lacks a capability that the case needs, and refuses what needs it, by name.

${row(["", ...names])}
${rule(names.length)}
${cases.join("\n")}

${readFileSync(join(root, "scripts", "support_notes.md"), "utf8").trim()}
`;

if (process.argv.includes("--check")) {
	if (readFileSync(page, "utf8") === text) process.exit(0);
	console.error("docs/support.md is out of date: run npm run support-table");
	process.exit(1);
}
writeFileSync(page, text);
console.log(`Wrote docs/support.md: ${cases.length} cases on ${columns.length} backends`);
