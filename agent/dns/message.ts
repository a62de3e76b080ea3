/** DNS messages as bytes: reading a question, writing a reply that fits. Pure. */
import dnsPacket, { type Answer, type DecodedPacket } from 'dns-packet';

export interface Query {
  readonly packet: DecodedPacket;
  /** The question as it came, to be given back letter for letter. */
  readonly questionBytes: Buffer;
  /** The name that is asked for, in lower case. */
  readonly name: string;
  readonly type: string;
  /** How much the asker can take in one datagram. */
  readonly udpBytesMax: number;
  /** It understands extensions (EDNS), so the reply should too. */
  readonly extended: boolean;
}

const responseCodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4 } as const;
type ResponseCode = keyof typeof responseCodes;

const headerBytes = 12;
const plainBytesMax = 512;
/** What passes everywhere without fragments: the DNS flag day 2020's number. */
const extendedBytesMax = 1232;

/** Undefined when this is no query with one question. Never throws, whatever came. */
export function parseQuery(bytes: Buffer): Query | undefined {
  const packet = decode(bytes);
  const [question] = packet?.questions ?? [];
  if (packet === undefined || question === undefined || packet.flag_qr || packet.questions?.length !== 1) return undefined;
  const extension = packet.additionals?.find((additional) => additional.type === 'OPT');
  const offered = extension !== undefined && 'udpPayloadSize' in extension ? extension.udpPayloadSize : plainBytesMax;
  return {
    packet,
    questionBytes: bytes.subarray(headerBytes, questionEnd(bytes)),
    name: question.name.toLowerCase(),
    type: question.type,
    udpBytesMax: Math.min(Math.max(offered, plainBytesMax), extendedBytesMax),
    extended: extension !== undefined,
  };
}

/** Undefined for bytes that are no message. */
export function decode(bytes: Buffer): DecodedPacket | undefined {
  try {
    return dnsPacket.decode(bytes);
  } catch (error) {
    // The decoder throws plain errors and, past the end, range errors; either way the bytes are wrong, not we.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function questionEnd(bytes: Buffer): number {
  let at = headerBytes;
  for (let length = bytes[at] ?? 0; length > 0 && length < 0xc0; length = bytes[at] ?? 0) at += length + 1;
  return at + 1 + 4;
}

/** The EDNS extension of answers: the largest message that this server takes. */
const ourExtension: Answer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: extendedBytesMax,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

export interface ReplyContent {
  readonly code: ResponseCode;
  /** True for answers from the cluster's own zone. */
  readonly authoritative: boolean;
  readonly answers?: readonly Answer[];
  readonly authorities?: readonly Answer[];
  readonly additionals?: readonly Answer[];
}

/**
 * Additionals are left out when they do not fit. When the answers do not fit, as many as possible are sent and marked as
 * truncated; the client then asks over TCP.
 */
export function encodeReply(query: Query, content: ReplyContent, bytesMax: number): Buffer {
  const { answers = [], authorities = [], additionals = [], code, authoritative } = content;
  const extension = query.extended ? [record(ourExtension, query.name)] : [];
  let left = bytesMax - headerBytes - query.questionBytes.length - total(extension);
  const fitting = (records: readonly Answer[]): Buffer[] => {
    const taken: Buffer[] = [];
    for (const bytes of records.map((one) => record(one, query.name))) {
      if (bytes.length > left) break;
      left -= bytes.length;
      taken.push(bytes);
    }
    return taken;
  };
  const [answered, proved, added] = [fitting(answers), fitting(authorities), fitting(additionals)];
  const truncated = answered.length < answers.length;
  const header = Buffer.alloc(headerBytes);
  const { RECURSION_DESIRED, RECURSION_AVAILABLE, AUTHORITATIVE_ANSWER, TRUNCATED_RESPONSE } = dnsPacket;
  const flags = [
    0x8000 | RECURSION_AVAILABLE | responseCodes[code],
    query.packet.flag_rd ? RECURSION_DESIRED : 0,
    authoritative ? AUTHORITATIVE_ANSWER : 0,
    truncated ? TRUNCATED_RESPONSE : 0,
  ];
  const words = [
    query.packet.id ?? 0,
    flags.reduce((all, flag) => all | flag, 0),
    1,
    answered.length,
    proved.length,
    added.length + extension.length,
  ];
  words.forEach((word, index) => header.writeUInt16BE(word, index * 2));
  return Buffer.concat([header, query.questionBytes, ...answered, ...proved, ...added, ...extension]);
}

const total = (parts: readonly Buffer[]): number => parts.reduce((bytes, part) => bytes + part.length, 0);

/** Points to the name in the question, right behind the header. */
const sameNameAsQuestion = Buffer.from([0xc0, headerBytes]);

/** dns-packet repeats every name in full; most are the question's, and pointing to it lets thrice as many answers fit. */
function record(answer: Answer, questionName: string): Buffer {
  const encoded = (one: Answer): Buffer => dnsPacket.encode({ type: 'response', answers: [one] }).subarray(headerBytes);
  if (answer.type === 'OPT' || answer.name.toLowerCase() !== questionName) return encoded(answer);
  return Buffer.concat([sameNameAsQuestion, encoded({ ...answer, name: '.' }).subarray(1)]);
}
