/** Runs load.c where there is no C compiler: built in memory by the TinyCC inside Bun. Same arguments, same output. */
import { fileURLToPath } from "node:url";

type Run = (...values: number[]) => number;
interface Compiler {
	cc(options: object): { symbols: { load: Run } };
}
const specifier = "bun:ffi";
const { cc } = (await import(specifier)) as Compiler;

const { symbols } = cc({
	source: fileURLToPath(new URL("load.c", import.meta.url)),
	define: { OWN_DECLARATIONS: "1" },
	symbols: { load: { args: ["int", "int", "int", "int", "int", "int", "int"], returns: "int" } },
});
const values = process.argv.slice(2);
if (values.length > 0) {
	const payload = values.pop();
	process.exit(symbols.load(...values.map(Number), payload === "json" ? 1 : 0));
}
