/**
 * Runs a load client in C where there is no compiler: built in memory by the TinyCC inside Bun. The first argument is
 * the source; the others, and the output, are those of load.c. Without others it only compiles.
 */
type Run = (...values: number[]) => number;
interface Compiler {
	cc(options: object): { symbols: { load: Run } };
}
const specifier = "bun:ffi";
const { cc } = (await import(specifier)) as Compiler;

const [source, ...values] = process.argv.slice(2);
const { symbols } = cc({
	source,
	define: { OWN_DECLARATIONS: "1" },
	symbols: { load: { args: ["int", "int", "int", "int", "int", "int", "int"], returns: "int" } },
});
if (values.length > 0) {
	const payload = values.pop();
	process.exit(symbols.load(...values.map(Number), payload === "json" ? 1 : 0));
}
