/** The echo server that somebody writes on node:dgram; `json` as the argument parses and re-serializes each datagram. */
import dgram from "node:dgram";
import { control, variant } from "./control.ts";

const socket = dgram.createSocket("udp4");
if (variant === "json") {
	socket.on("message", (message, remote) => {
		socket.send(JSON.stringify(JSON.parse(message.toString())), remote.port, remote.address);
	});
} else {
	socket.on("message", (message, remote) => {
		socket.send(message, remote.port, remote.address);
	});
}
socket.bind(0, "127.0.0.1", () => control(socket.address().port, () => socket.close()));
