import process from "node:process";

/** Calls back on a signal, until the returned function is called. */
export function onSignal(signal: "SIGINT" | "SIGTERM", callback: () => void): () => void {
	process.on(signal, callback);
	return () => void process.off(signal, callback);
}
