/**
 * Network servers and clients, written once as async generators, that run unchanged on Node, Bun, Deno, in a simulation,
 * and on backends of your own.
 *
 * @module
 */
export { AsyncBackend, createBackend } from "./src/backend/async_backend.ts";
export type { Capabilities, Capability } from "./src/backend/capabilities.ts";
export { detectBackend } from "./src/backend/detect.ts";
export type {
	Driver,
	MulticastOptions,
	RawDatagramEvents,
	RawDatagramSocket,
	RawUdpOptions,
} from "./src/backend/driver.ts";
export { DatagramEndpoint, type DatagramPacket } from "./src/clients/datagram_endpoint.ts";
export {
	DatagramReceiver,
	type DatagramReceiverOptions,
	type ReceivedDatagram,
} from "./src/clients/datagram_receiver.ts";
export type { DatagramEndpointOptions } from "./src/clients/endpoint_options.ts";
export type { RequestOptions } from "./src/clients/pending_requests.ts";
export { UdpClient, type UdpClientOptions } from "./src/clients/udp_client.ts";
export { CancelScope, type CancelScopeOptions } from "./src/concurrency/cancel_scope.ts";
export type { Clock, ClockTimer } from "./src/concurrency/clock.ts";
export { Condition } from "./src/concurrency/condition.ts";
export type { TaskInfo } from "./src/concurrency/context.ts";
export { ContextVar } from "./src/concurrency/context_var.ts";
export { Event } from "./src/concurrency/event.ts";
export { AsyncExitStack } from "./src/concurrency/exit_stack.ts";
export { Lock } from "./src/concurrency/lock.ts";
export { Queue } from "./src/concurrency/queue.ts";
export type { ScopedBody, ScopedGeneratorBody } from "./src/concurrency/scoped.ts";
export { Semaphore } from "./src/concurrency/semaphore.ts";
export { Task, type TaskOptions } from "./src/concurrency/task.ts";
export { TaskGroup } from "./src/concurrency/task_group.ts";
export type { WaitOptions } from "./src/concurrency/waiter.ts";
export * from "./src/errors.ts";
export { defaultLimits, type Limits } from "./src/limits.ts";
export { defaultLogger, type Logger } from "./src/logging.ts";
export { DatagramProtocol } from "./src/protocols/datagram_protocol.ts";
export { type PacketConverter, StapledPacketConverter } from "./src/protocols/packet_converter.ts";
export type { AnyDatagramProtocol, ReceivedPacket, SentPacket } from "./src/protocols/packet_types.ts";
export type {
	StandardSchemaInput,
	StandardSchemaIssue,
	StandardSchemaOutput,
	StandardSchemaResult,
	StandardSchemaV1,
} from "./src/protocols/standard_schema.ts";
export {
	StandardSchemaConverter,
	type StandardSchemaConverterOptions,
} from "./src/protocols/standard_schema_converter.ts";
export { StreamPacketReader } from "./src/protocols/stream_packet_reader.ts";
export { StreamProtocol } from "./src/protocols/stream_protocol.ts";
export type { Base64Alphabet } from "./src/serializers/base64.ts";
export { Base64Serializer, type Base64SerializerOptions } from "./src/serializers/base64_serializer.ts";
export type { BencodeInput, BencodeKeyEncoding, BencodeValue } from "./src/serializers/bencode_codec.ts";
export { BencodeSerializer, type BencodeSerializerOptions } from "./src/serializers/bencode_serializer.ts";
export { BrotliSerializer } from "./src/serializers/brotli_serializer.ts";
export { BytesSerializer } from "./src/serializers/bytes_serializer.ts";
export { type CborModule, CborSerializer, type CborSerializerOptions } from "./src/serializers/cbor_serializer.ts";
export {
	CompressedSerializer,
	type CompressionOptions,
	type StreamCompressionOptions,
} from "./src/serializers/compressed_serializer.ts";
export { DelimitedSerializer, type DelimitedSerializerOptions } from "./src/serializers/delimited_serializer.ts";
export { EncryptedSerializer, type EncryptedSerializerOptions } from "./src/serializers/encrypted_serializer.ts";
export { EndOfStreamSerializer } from "./src/serializers/end_of_stream_serializer.ts";
export { FixedLengthSerializer } from "./src/serializers/fixed_length_serializer.ts";
export { GzipSerializer } from "./src/serializers/gzip_serializer.ts";
export {
	type IncrementalPacketSerializer,
	NEED_MORE,
	type NeedMore,
	type PacketInput,
	type PacketParser,
} from "./src/serializers/incremental_serializer.ts";
export type { JsonReviver, ProtoKeyPolicy } from "./src/serializers/json_proto_keys.ts";
export {
	type JsonErrorInfo,
	type JsonReplacer,
	JsonSerializer,
	type JsonSerializerOptions,
} from "./src/serializers/json_serializer.ts";
export type { LengthPrefixKind } from "./src/serializers/length_prefix.ts";
export {
	LengthPrefixedSerializer,
	type LengthPrefixedSerializerOptions,
} from "./src/serializers/length_prefixed_serializer.ts";
export {
	type MessagePackModule,
	MessagePackSerializer,
	type MessagePackSerializerOptions,
} from "./src/serializers/message_pack_serializer.ts";
export { NamedStructSerializer, type NamedStructSerializerOptions } from "./src/serializers/named_struct_serializer.ts";
export type { PacketSerializer } from "./src/serializers/packet_serializer.ts";
export { type NestedLimits, ScannedSerializer } from "./src/serializers/scanned_serializer.ts";
export type { DataErrorInfo } from "./src/serializers/serializer_options.ts";
export {
	type ReceivedSerializer,
	type SentSerializer,
	StapledIncrementalPacketSerializer,
	StapledPacketSerializer,
} from "./src/serializers/stapled_serializer.ts";
export {
	type Newline,
	type StringLineErrorInfo,
	StringLineSerializer,
	type StringLineSerializerOptions,
} from "./src/serializers/string_line_serializer.ts";
export type { StructValue } from "./src/serializers/struct_codes.ts";
export { StructSerializer, type StructSerializerOptions } from "./src/serializers/struct_serializer.ts";
export { StructuredCloneSerializer } from "./src/serializers/structured_clone_serializer.ts";
export type { TextEncodingName } from "./src/serializers/text_encoding.ts";
export { ZlibSerializer } from "./src/serializers/zlib_serializer.ts";
export { ZstdSerializer } from "./src/serializers/zstd_serializer.ts";
export { AddressCookies, type AddressCookiesOptions } from "./src/servers/address_cookies.ts";
export { DatagramClient } from "./src/servers/datagram_client.ts";
export type { DatagramHandler, DatagramRequestHandler, HandlerGenerator } from "./src/servers/handlers.ts";
export { NetworkServer } from "./src/servers/network_server.ts";
export type { ReceiveParams } from "./src/servers/receive_params.ts";
export { type RunUntilSignalOptions, runUntilSignal } from "./src/servers/run_until_signal.ts";
export type { NetworkServerOptions, ServeOptions, ShutdownOptions } from "./src/servers/server_options.ts";
export type { DatagramDrops, DatagramServerStats } from "./src/servers/stats.ts";
export { UdpServer, type UdpServerOptions } from "./src/servers/udp_server.ts";
export { InetAddress } from "./src/sockets/address.ts";
export type { UdpSocketOptions } from "./src/sockets/udp_options.ts";
export { type Datagram, type UdpBindOptions, type UdpConnectOptions, UdpSocket } from "./src/sockets/udp_socket.ts";
