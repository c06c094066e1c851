/** Enforces the rules of the house on the sources: `node scripts/check_dependencies.mjs`. Prints `file:line: what is wrong`. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, posix, relative, sep } from "node:path";
import { root } from "./runtimes.mjs";
import { importsOf, lineAt, mask } from "./source_text.mjs";

/** Whose files may be imported by the files of each folder of src/. Every folder may import itself and {@link COMMON}. */
const LAYERS = {
	concurrency: [],
	backend: ["concurrency"],
	sockets: ["backend", "concurrency"],
	serializers: [],
	protocols: ["serializers"],
	clients: ["protocols", "serializers", "sockets", "backend", "concurrency"],
	servers: ["protocols", "serializers", "sockets", "backend", "concurrency"],
	testing: ["clients", "servers", "protocols", "serializers", "sockets", "backend", "concurrency"],
};

/** Files of src/ that every file may import. */
const COMMON = ["src/errors.ts", "src/limits.ts", "src/logging.ts"];

/** What a backend may import from src/: a driver is thin, and knows nothing of servers, clients and protocols. */
const BACKEND_IMPORTS = ["concurrency", "backend", "sockets"];

/** The one file that may load the backends, lazily. */
const DETECT = "src/backend/detect.ts";

/** Modules of the platform that src/ may use, with the reason. */
const PLATFORM_MODULES = { "node:async_hooks": "AsyncLocalStorage is the same on the three runtimes" };

/** Modules that one file of src/ alone may use: file, module and the reason. */
const ALLOWED_MODULES = [
	{
		file: "src/servers/address_cookies.ts",
		module: "node:crypto",
		reason: "HMAC, random bytes and a constant-time comparison, synchronous, are the same on the three runtimes",
	},
	{
		file: "src/serializers/compression_codec.ts",
		module: "node:zlib",
		reason: "its types only; the synchronous codecs of the three runtimes are loaded at their first use",
	},
	{
		file: "src/serializers/payload_digest.ts",
		module: "node:crypto",
		reason: "its types only; SHA-256, HMAC and a constant-time comparison are loaded at their first use",
	},
	{
		file: "src/serializers/encrypted_serializer.ts",
		module: "node:crypto",
		reason: "its types only; AES-GCM, synchronous and the same on the three runtimes, is loaded at its first use",
	},
	{
		file: "src/serializers/structured_clone_serializer.ts",
		module: "node:v8",
		reason: "its types only; the engines' own encoder of structured clones is loaded at its first use",
	},
];

const TIMERS = "(?:set|clear)(?:Timeout|Interval|Immediate)";
const FORBIDDEN_GLOBALS = new RegExp(
	`(?<![\\w$.#])(?:${TIMERS}|performance|process|Bun|Deno|Buffer|globalThis|require)(?![\\w$])|` +
		"(?<![\\w$.#])(?:Date\\.now|Date\\s*\\(\\s*\\)|Math\\.random)",
	"g",
);

/** Uses of a runtime's globals in src/ that are right: file, global and the reason. */
const ALLOWED_GLOBALS = [
	{ file: DETECT, global: "globalThis", reason: "it finds out which runtime this is" },
	{ file: DETECT, global: "process", reason: "it finds out which runtime this is" },
	{ file: DETECT, global: "Bun", reason: "it finds out which runtime this is" },
	{ file: DETECT, global: "Deno", reason: "it finds out which runtime this is" },
	{
		file: "src/concurrency/exit_stack.ts",
		global: "globalThis",
		reason: "SuppressedError belongs to ECMAScript, and Node 20 lacks it",
	},
	{
		file: "src/concurrency/reentrant_context.ts",
		global: "globalThis",
		reason: "the cheapest way into an async context differs; both ways are right everywhere",
	},
	{
		file: "src/serializers/builtin_module.ts",
		global: "process",
		reason: "the one way that all three runtimes have to load a built-in module synchronously when it is first used",
	},
	{
		file: "src/serializers/text_encoding.ts",
		global: "globalThis",
		reason: "the cheapest way to encode differs; both ways are right everywhere",
	},
];

/** A file of src/ or backends/ this large, in bytes, holds more than one concept. */
const MAX_SIZE = 10 * 1024;

const problems = [];
const report = (file, line, message) => problems.push(`${file}:${line}: ${message}`);

const slashes = (path) => path.split(sep).join("/");

function filesIn(folder) {
	const path = join(root, folder);
	if (!existsSync(path)) return [];
	const names = readdirSync(path, { recursive: true }).map((name) => `${folder}/${slashes(name)}`);
	return names.filter((name) => /\.(?:ts|mjs)$/.test(name)).sort();
}

const entries = existsSync(join(root, "mod.ts")) ? ["mod.ts"] : [];
const library = [...entries, ...filesIn("src"), ...filesIn("backends")];
const sources = new Map(
	library.map((file) => {
		const text = readFileSync(join(root, file), "utf8");
		const masked = mask(text);
		const imports = importsOf(text, masked).map((one) => ({
			...one,
			target: one.specifier.startsWith(".") ? posix.join(dirname(file), one.specifier) : undefined,
		}));
		return [file, { text, masked, imports }];
	}),
);

const layerOf = (file) => /^src\/([^/]+)\//.exec(file)?.[1];
const isBackend = (file) => file.startsWith("backends/");

function checkArrows(file, { imports }) {
	const layer = layerOf(file);
	for (const { target, specifier, line, lazy } of imports) {
		if (target === undefined) continue;
		if (!sources.has(target)) {
			report(file, line, `Cannot find "${specifier}": relative imports name a .ts file of the library`);
			continue;
		}
		if (isBackend(target) && file.startsWith("src/") && !(file === DETECT && lazy)) {
			report(file, line, `Cannot import "${target}" from src/: only ${DETECT} loads backends, by a lazy import()`);
		} else if (isBackend(file) && target.startsWith("src/") && !COMMON.includes(target)) {
			if (BACKEND_IMPORTS.includes(layerOf(target))) continue;
			report(
				file,
				line,
				`Cannot import "${target}" from a backend: it may use src/{${BACKEND_IMPORTS.join(",")}}/ only`,
			);
		} else if (file.startsWith("src/") && target.startsWith("src/") && !COMMON.includes(target)) {
			const to = layerOf(target);
			if (layer !== undefined && (layer === to || LAYERS[layer]?.includes(to))) continue;
			const may = layer === undefined ? COMMON : [layer, ...(LAYERS[layer] ?? []), ...COMMON];
			report(file, line, `Cannot import "${target}" from "${layer ?? file}": it may import ${may.join(", ")}`);
		} else if (file !== "mod.ts" && target === "mod.ts") {
			report(file, line, 'Cannot import "mod.ts" from the library: import the file that declares the name');
		}
	}
	if (file.startsWith("src/") && layer !== undefined && LAYERS[layer] === undefined) {
		report(file, 1, `Cannot place "src/${layer}/": scripts/check_dependencies.mjs names its layers, and this is none`);
	}
}

function checkModules(file, { imports }) {
	for (const { target, specifier, line, lazy } of imports) {
		if (target !== undefined) continue;
		const platform = specifier.startsWith("node:");
		const allowed = ALLOWED_MODULES.some((one) => one.file === file && one.module === specifier);
		if (file.startsWith("src/") && platform && PLATFORM_MODULES[specifier] === undefined && !allowed) {
			report(file, line, `Cannot import "${specifier}" in src/: only ${Object.keys(PLATFORM_MODULES).join(", ")}`);
		}
		if (!platform && !lazy) {
			report(
				file,
				line,
				`Cannot import "${specifier}": the library has no dependency, and loads optional peers lazily`,
			);
		}
		if (specifier.startsWith("bun:"))
			report(file, line, `Cannot import "${specifier}": JSR refuses it, use the global`);
	}
}

/** The Bun and Deno drivers use their runtime's own sockets: nothing that they import, however far, may use Node's. */
function checkNativeSockets(start) {
	const seen = new Set([start]);
	for (const file of seen) {
		for (const { target, specifier, line, lazy } of sources.get(file)?.imports ?? []) {
			if (specifier === "node:dgram" || specifier === "node:net") {
				const way = file === start ? "" : `, which ${start} reaches`;
				report(file, line, `Cannot import "${specifier}" in a Bun or Deno driver${way}: use the runtime's own sockets`);
			}
			if (target !== undefined && !lazy) seen.add(target);
		}
	}
}

/** Whether the name at `index` is a declared method, `name(...) {` or `name(...): type`, and not a use of the global. */
function isDeclaration(code, index, name) {
	if (!/(?:[{};,\n]|\b(?:async|static|readonly|get|set|override|public|private))\s*$/.test(code.slice(0, index)))
		return false;
	let at = index + name.length;
	if (/^\??\s*:/.test(code.slice(at))) return true;
	if (code[at] !== "(") return false;
	for (let depth = 0; at < code.length; at++) {
		if (code[at] === "(") depth++;
		if (code[at] === ")" && --depth === 0) break;
	}
	return /^\s*[:{]/.test(code.slice(at + 1));
}

function checkGlobals(file, { text, masked }) {
	for (const match of masked.code.matchAll(FORBIDDEN_GLOBALS)) {
		const [name] = match;
		if (ALLOWED_GLOBALS.some((allowed) => allowed.file === file && allowed.global === name)) continue;
		if (isDeclaration(masked.code, match.index, name)) continue;
		report(
			file,
			lineAt(text, match.index),
			`Cannot use "${name}" in src/: time, chance and the runtime come from the driver`,
		);
	}
}

function checkCycles() {
	const done = new Set();
	const path = [];
	const visit = (file) => {
		const start = path.indexOf(file);
		if (start >= 0) {
			const first = sources.get(file).imports.find(({ target }) => target === (path[start + 1] ?? file));
			report(file, first.line, `Cannot import in a circle: ${[...path.slice(start), file].join(" -> ")}`);
			return;
		}
		if (done.has(file)) return;
		path.push(file);
		for (const { target, lazy } of sources.get(file)?.imports ?? []) {
			if (target !== undefined && !lazy && sources.has(target)) visit(target);
		}
		path.pop();
		done.add(file);
	};
	for (const file of sources.keys()) visit(file);
}

function checkReExports(file, { text, masked }) {
	const reExport = /export\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s*from\s*(["'])[^"']*\1\s*;?/g;
	const rest = masked.comments.replace(reExport, (all) => all.replace(/[^\n]/g, " "));
	const index = rest.search(/\S/);
	if (index >= 0) report(file, lineAt(text, index), "Cannot hold code: this file re-exports, and nothing else");
}

for (const [file, source] of sources) {
	checkArrows(file, source);
	checkModules(file, source);
	if (file.startsWith("src/")) checkGlobals(file, source);
	if (/^backends\/(?:bun|deno)\//.test(file)) checkNativeSockets(file);
	const size = Buffer.byteLength(source.text);
	if (file !== "mod.ts" && size > MAX_SIZE)
		report(file, 1, `Cannot be ${size} bytes: the limit is ${MAX_SIZE}, split it by concept`);
}
for (const file of entries) checkReExports(file, sources.get(file));
checkCycles();

const folders = ["tests", "examples", "bench", "scripts"];
for (const file of [...library, ...folders.flatMap(filesIn)]) {
	if (/^[a-z0-9]+(?:_[a-z0-9]+)*(?:\.test|\.d)?\.(?:ts|mjs)$/.test(basename(file))) continue;
	report(file, 1, `Cannot be named "${basename(file)}": file names are snake_case`);
}

const unique = [...new Set(problems)].sort();
if (unique.length > 0) {
	console.error(unique.join("\n"));
	console.error(
		`${unique.length} broken rules in ${sources.size} files of ${slashes(relative(process.cwd(), root)) || "."}`,
	);
	process.exit(1);
}
console.log(`${sources.size} source files keep the rules of the house`);
