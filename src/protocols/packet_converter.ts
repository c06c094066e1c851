/**
 * Translates between the packets of the application and what a serializer reads and writes (data transfer objects).
 *
 * @example
 * ```ts
 * import { DatagramProtocol, JsonSerializer, type PacketConverter, PacketConversionError } from "netquay";
 *
 * const dates: PacketConverter<Date, Date, string, unknown> = {
 * 	toDto: (date) => date.toISOString(),
 * 	fromDto(dto) {
 * 		const date = new Date(String(dto));
 * 		if (Number.isNaN(date.getTime())) throw new PacketConversionError(`Cannot convert "${dto}" to a date`);
 * 		return date;
 * 	},
 * };
 * const protocol = new DatagramProtocol(new JsonSerializer(), dates);
 * console.log(protocol.buildPacket(protocol.makeDatagram(new Date(0))));
 * ```
 *
 * @typeParam Sent What the application sends.
 * @typeParam Received What the application receives.
 * @typeParam SentDto What the serializer writes.
 * @typeParam ReceivedDto What the serializer reads.
 */
export interface PacketConverter<Sent, Received = Sent, SentDto = unknown, ReceivedDto = SentDto> {
	/** What the serializer writes for a packet. Whatever it throws is a bug of the caller, or of the converter. */
	toDto(packet: Sent): SentDto;
	/**
	 * The packet for what the serializer read.
	 *
	 * @throws {PacketConversionError} when `dto` is not such a packet. Anything else it throws is a bug of the converter.
	 */
	fromDto(dto: ReceivedDto): Received;
}

/**
 * A converter made of two: one for what is sent, one for what is received. Each may be a whole
 * {@linkcode PacketConverter}, or just the half that is used.
 *
 * @example
 * ```ts
 * import { StapledPacketConverter } from "netquay";
 *
 * const converter = new StapledPacketConverter(
 * 	{ toDto: (tags: Set<string>) => [...tags] },
 * 	{ fromDto: (dto: string[]) => new Set(dto) },
 * );
 * console.log(converter.fromDto(converter.toDto(new Set(["a", "b"]))));
 * ```
 */
export class StapledPacketConverter<Sent, Received, SentDto, ReceivedDto>
	implements PacketConverter<Sent, Received, SentDto, ReceivedDto>
{
	readonly #sent: { toDto(packet: Sent): SentDto };
	readonly #received: { fromDto(dto: ReceivedDto): Received };

	/**
	 * @param sent Converts what is sent.
	 * @param received Converts what is received.
	 * @throws {TypeError} when `sent` lacks `toDto`, or `received` lacks `fromDto`.
	 */
	constructor(sent: { toDto(packet: Sent): SentDto }, received: { fromDto(dto: ReceivedDto): Received }) {
		if (typeof sent?.toDto !== "function") throw new TypeError('Cannot use "sent": it has no method "toDto"');
		if (typeof received?.fromDto !== "function")
			throw new TypeError('Cannot use "received": it has no method "fromDto"');
		this.#sent = sent;
		this.#received = received;
	}

	/** What the converter for sent packets makes of `packet`. */
	toDto(packet: Sent): SentDto {
		return this.#sent.toDto(packet);
	}

	/** What the converter for received packets makes of `dto`. */
	fromDto(dto: ReceivedDto): Received {
		return this.#received.fromDto(dto);
	}
}
