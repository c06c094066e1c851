import { platform, versions } from "node:process";

/** Whether this is Deno, with its compatibility layer for Node. */
export const isDeno: boolean = versions["deno"] !== undefined;

/** Whether this is Node itself. */
export const isNode: boolean = !isDeno && versions["bun"] === undefined;

const [major = 0, minor = 0] = (versions.node ?? "").split(".").map(Number);

/** Whether `reusePort` does anything: from Node 22.12 and 23.1 on. Deno takes the option and ignores it. */
export const hasReusePort: boolean =
	platform !== "win32" && !isDeno && (major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12));
