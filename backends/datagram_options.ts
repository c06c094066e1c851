import type { MulticastOptions, RawUdpOptions } from "../src/backend/driver.ts";

/** The options of a socket, by the names that `node:dgram` gave them and Bun took over. */
export interface DatagramOptionSetters {
	setBroadcast(enabled: boolean): unknown;
	setTTL(ttl: number): unknown;
	setMulticastTTL(ttl: number): unknown;
	setMulticastLoopback(enabled: boolean): unknown;
	setMulticastInterface(address: string): unknown;
	addMembership(group: string, address?: string): unknown;
	dropMembership(group: string, address?: string): unknown;
	addSourceSpecificMembership(source: string, group: string, address?: string): unknown;
	dropSourceSpecificMembership(source: string, group: string, address?: string): unknown;
}

/** Sets what was asked for. */
export function setOptions(socket: DatagramOptionSetters, options: RawUdpOptions): void {
	if (options.broadcast !== undefined) socket.setBroadcast(options.broadcast);
	if (options.ttl !== undefined) socket.setTTL(options.ttl);
	if (options.multicastTtl !== undefined) socket.setMulticastTTL(options.multicastTtl);
	if (options.multicastLoopback !== undefined) socket.setMulticastLoopback(options.multicastLoopback);
	if (options.multicastInterface !== undefined) socket.setMulticastInterface(options.multicastInterface);
}

/** Joins a multicast group. */
export function joinGroup(socket: DatagramOptionSetters, group: string, options: MulticastOptions): void {
	if (options.source === undefined) socket.addMembership(group, options.interface);
	else socket.addSourceSpecificMembership(options.source, group, options.interface);
}

/** Leaves a multicast group. */
export function leaveGroup(socket: DatagramOptionSetters, group: string, options: MulticastOptions): void {
	if (options.source === undefined) socket.dropMembership(group, options.interface);
	else socket.dropSourceSpecificMembership(options.source, group, options.interface);
}
