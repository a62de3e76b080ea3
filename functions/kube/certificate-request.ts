/** A PKCS#10 request inside a PEM block, as far as the API must understand it. Source: RFC 2986. */
import { createPublicKey, verify } from 'node:crypto';
import { pemBlocks } from './pem.ts';

/** One element of DER. */
interface Element {
  readonly tag: number;
  readonly content: Buffer;
  /** The element with its tag and length. */
  readonly whole: Buffer;
}

export type AlternativeName = 'email' | 'dns' | 'uri' | 'ip';

export interface CertificateRequest {
  readonly organizations: readonly string[];
  readonly commonName: string;
  /** The subjectAltNames that it asks for. Addresses are bytes in hexadecimal digits. */
  readonly alternativeNames: Readonly<Record<AlternativeName, readonly string[]>>;
  /** Whether who made it has the private key. */
  readonly isSigned: boolean;
}

export class CertificateRequestError extends Error {}

const malformed = (): CertificateRequestError => new CertificateRequestError('asn1: syntax error: data truncated');

function readElement(data: Buffer): Element {
  const [tag, first] = data;
  if (tag === undefined || first === undefined) throw malformed();
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || lengthBytes > 4 || data.length < 2 + lengthBytes) throw malformed();
  const length = lengthBytes === 0 ? first : data.readUIntBE(2, lengthBytes);
  const start = 2 + lengthBytes;
  if (data.length < start + length) throw malformed();
  return { tag, content: data.subarray(start, start + length), whole: data.subarray(0, start + length) };
}

function childrenOf({ content }: Element): Element[] {
  const children: Element[] = [];
  for (let rest = content; rest.length > 0; rest = rest.subarray(children.at(-1)?.whole.length ?? rest.length))
    children.push(readElement(rest));
  return children;
}

const oids = {
  commonName: '550403',
  organization: '55040a',
  extensionRequest: '2a864886f70d01090e',
  subjectAltName: '551d11',
} as const;
/** Tags of the choices of a GeneralName. Source: RFC 5280, 4.2.1.6. */
const nameTags: Readonly<Record<AlternativeName, number>> = { email: 0x81, dns: 0x82, uri: 0x86, ip: 0x87 };
/** Hashes of the usual signature algorithms; Ed25519 has none. */
const hashes: ReadonlyMap<string, string | null> = new Map([
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
  ['2b6570', null],
]);

function subjectValues(subject: Element, oid: string): string[] {
  return childrenOf(subject)
    .flatMap(childrenOf)
    .flatMap((attribute) => {
      const [type, value] = childrenOf(attribute);
      return type?.content.toString('hex') === oid && value !== undefined ? [value.content.toString()] : [];
    });
}

const hasOid = (element: Element, oid: string): boolean => childrenOf(element)[0]?.content.toString('hex') === oid;

/** `attributes` may hold, among others, the extensions that the certificate shall have. */
function alternativeNames(attributes: Element | undefined): CertificateRequest['alternativeNames'] {
  const extensions = (attributes === undefined ? [] : childrenOf(attributes))
    .filter((attribute) => hasOid(attribute, oids.extensionRequest))
    .flatMap((attribute) => childrenOf(attribute).slice(1).flatMap(childrenOf).flatMap(childrenOf));
  const names = extensions
    .filter((extension) => hasOid(extension, oids.subjectAltName))
    .flatMap((extension) => childrenOf(readElement(childrenOf(extension).at(-1)?.content ?? Buffer.alloc(0))));
  const of = (kind: AlternativeName): string[] =>
    names.filter(({ tag }) => tag === nameTags[kind]).map(({ content }) => content.toString(kind === 'ip' ? 'hex' : 'utf8'));
  return { email: of('email'), dns: of('dns'), uri: of('uri'), ip: of('ip') };
}

const label = 'CERTIFICATE REQUEST';

/** Throws a CertificateRequestError with what is wrong. */
export function parseCertificateRequest(pem: string): CertificateRequest {
  const [block] = pemBlocks(pem);
  if (block?.label !== label) throw new CertificateRequestError(`PEM block type must be ${label}`);
  return readCertificateRequest(Buffer.from(block.content, 'base64'));
}

/** The same without PEM. */
export function readCertificateRequest(der: Buffer): CertificateRequest {
  const [info, algorithm, signature] = childrenOf(readElement(der));
  if (info === undefined || algorithm === undefined || signature === undefined) throw malformed();
  const [, subject, publicKey, attributes] = childrenOf(info);
  if (subject === undefined || publicKey === undefined) throw malformed();
  return {
    organizations: subjectValues(subject, oids.organization),
    commonName: subjectValues(subject, oids.commonName).at(-1) ?? '',
    alternativeNames: alternativeNames(attributes),
    isSigned: isSigned({ info, algorithm, signature, publicKey }),
  };
}

type Parts = Readonly<Record<'info' | 'algorithm' | 'signature' | 'publicKey', Element>>;

function isSigned({ info, algorithm, signature, publicKey }: Parts): boolean {
  const hash = hashes.get(childrenOf(algorithm)[0]?.content.toString('hex') ?? '');
  if (hash === undefined) return false;
  try {
    const key = createPublicKey({ key: publicKey.whole, format: 'der', type: 'spki' });
    // The first byte of a bit string counts bits that are unused: none.
    return verify(hash, info.whole, key, signature.content.subarray(1));
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}
