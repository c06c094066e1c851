/** Starts a netquay server under the control of bench/run.ts. */
import { control } from "./control.ts";

interface Server {
	start(): Promise<unknown>;
	close(): Promise<unknown>;
	getAddresses(): readonly { readonly port?: number }[];
}

/** Starts the server, prints its port, and closes it at the end. */
export async function serve(server: Server): Promise<void> {
	await server.start();
	control(server.getAddresses()[0]?.port ?? 0, () => server.close());
}
