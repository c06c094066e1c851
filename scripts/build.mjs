/** Compiles the published package into dist/: `node scripts/build.mjs`. */

import { rmSync } from "node:fs";
import { join } from "node:path";
import { tsc } from "./compile.mjs";
import { ensureInstalled } from "./install.mjs";
import { root } from "./runtimes.mjs";

ensureInstalled();
rmSync(join(root, "dist"), { recursive: true, force: true });
process.exit(tsc("tsconfig.build.json"));
