/**
 * Messages of gRPC written as text, as the description that protobufjs takes: one line a message, `field=number:type`,
 * `[]` repeated, `{}` a map of strings.
 */
interface FieldJson {
  readonly id: number;
  readonly type: string;
  readonly rule?: 'repeated';
  readonly keyType?: string;
}

interface MessageJson {
  readonly fields: Readonly<Record<string, FieldJson>>;
}

function fieldJson(text: string): [string, FieldJson] {
  const match = /^(\w+)=(\d+):(\w+)(\[\]|\{\})?$/.exec(text);
  const [, name = '', id = '', type = '', shape] = match ?? [];
  if (match === null) throw new Error(`not a field: ${text}`);
  if (shape === '[]') return [name, { id: Number(id), type, rule: 'repeated' }];
  if (shape === '{}') return [name, { id: Number(id), type, keyType: 'string' }];
  return [name, { id: Number(id), type }];
}

function messageJson(line: string): [string, MessageJson] {
  const [name = '', ...fields] = line.split(' ');
  return [name, { fields: Object.fromEntries(fields.map(fieldJson)) }];
}

export const messagesJson = (text: string): Readonly<Record<string, MessageJson>> =>
  Object.fromEntries(text.trim().split('\n').map(messageJson));

export const serviceJson = (methods: readonly string[]) => ({
  methods: Object.fromEntries(methods.map((name) => [name, { requestType: `${name}Request`, responseType: `${name}Response` }])),
});

export const enumJson = (values: readonly string[]) => ({ values: Object.fromEntries(values.map((value, number) => [value, number])) });
