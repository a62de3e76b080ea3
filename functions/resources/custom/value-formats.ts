/** The formats of strings that upstream checks; others are remarks. Source: apiextensions-apiserver, pkg/apiserver/validation/formats.go. */
const patterns: Readonly<Record<string, RegExp>> = {
  'date-time': /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/,
  date: /^\d{4}-\d{2}-\d{2}$/,
  email: /^[^\s@]{1,64}@[^\s@]{1,255}$/,
  uuid: /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i,
  ipv4: /^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/,
  byte: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
  mac: /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i,
  duration: /^([+-]?(\d+(\.\d*)?|\.\d+)\s*[a-zµ]+\s*)+$/i,
};

export function formatErrors(format: string | undefined, value: string): string[] {
  const pattern = format === undefined ? undefined : patterns[format];
  if (pattern === undefined || pattern.test(value)) return [];
  return [`must be of type ${format}: ${JSON.stringify(value)}`];
}
