/** Golden data as it lies in the repository: each file compressed by itself. */
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { BatchWriteItemCommand, DynamoDBClient, ScanCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { settingsFor } from '../support/dynamodb-engine.ts';

const ending = '.br';
/** The most items that one request takes. */
const itemsAtOnce = 25;

export const goldenDirectory = import.meta.dirname;

function compressed(bytes: Uint8Array): Buffer {
  return brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS },
  });
}

/** Copies all files below one directory, compressed, to another. */
export function packDirectory(from: string, to: string, without: RegExp): void {
  for (const file of globSync('**/*', { cwd: from, withFileTypes: true })) {
    const path = join(file.parentPath, file.name).slice(from.length + 1);
    if (!file.isFile() || without.test(path)) continue;
    const target = join(to, `${path}${ending}`);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, compressed(readFileSync(join(from, path))));
  }
}

export function unpackDirectory(from: string, to: string): void {
  for (const file of globSync(`**/*${ending}`, { cwd: from })) {
    const target = join(to, file.slice(0, -ending.length));
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    writeFileSync(target, brotliDecompressSync(readFileSync(join(from, file))));
  }
}

/** DynamoDB's JSON, bytes in base64. */
type JsonItem = Record<string, JsonValue>;
interface JsonValue {
  readonly S?: string;
  readonly N?: string;
  readonly B?: string;
  readonly L?: readonly JsonValue[];
}

function toJson(value: AttributeValue): JsonValue {
  if (value.S !== undefined) return { S: value.S };
  if (value.N !== undefined) return { N: value.N };
  if (value.B !== undefined) return { B: Buffer.from(value.B).toString('base64') };
  if (value.L !== undefined) return { L: value.L.map(toJson) };
  throw new Error(`an attribute of an unknown type: ${JSON.stringify(value)}`);
}

function fromJson({ S, N, B, L }: JsonValue): AttributeValue {
  if (S !== undefined) return { S };
  if (N !== undefined) return { N };
  if (B !== undefined) return { B: Buffer.from(B, 'base64') };
  return { L: (L ?? []).map(fromJson) };
}

const mapItem = <From, To>(item: Record<string, From>, map: (value: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(item).map(([name, value]) => [name, map(value)]));

/** Writes all items of a table, in order of their keys, into one file. `without`: partitions to leave out. */
export async function dumpTable(
  endpoint: string,
  tableName: string,
  options: { readonly to: string; readonly without: RegExp },
): Promise<void> {
  const client = new DynamoDBClient(settingsFor(endpoint));
  const items: JsonItem[] = [];
  let from: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(
      new ScanCommand({ TableName: tableName, ConsistentRead: true, ...(from === undefined ? {} : { ExclusiveStartKey: from }) }),
    );
    for (const item of page.Items ?? []) if (!options.without.test(item['pk']?.S ?? '')) items.push(mapItem(item, toJson));
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  client.destroy();
  const place = (item: JsonItem): string => `${item['pk']?.S} ${item['sk']?.S}`;
  const sorted = items.toSorted((one, other) => (place(one) < place(other) ? -1 : 1));
  mkdirSync(dirname(options.to), { recursive: true });
  writeFileSync(options.to, compressed(Buffer.from(`${sorted.map((item) => JSON.stringify(item)).join('\n')}\n`)));
}

export async function loadTable(endpoint: string, tableName: string, file: string): Promise<void> {
  const client = new DynamoDBClient(settingsFor(endpoint));
  const lines = brotliDecompressSync(readFileSync(file)).toString().trimEnd().split('\n');
  const puts = lines.map((line) => ({ PutRequest: { Item: mapItem(JSON.parse(line) as JsonItem, fromJson) } }));
  for (let first = 0; first < puts.length; first += itemsAtOnce) {
    await client.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: puts.slice(first, first + itemsAtOnce) } }));
  }
  client.destroy();
}
