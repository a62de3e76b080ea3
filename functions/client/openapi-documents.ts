/** The whole API of a cluster as one document, for generators that do not read it in parts. */
export interface OpenApiDocument {
  readonly openapi?: string;
  readonly info?: object;
  readonly paths: Readonly<Record<string, unknown>>;
  readonly components: { readonly schemas?: Readonly<Record<string, object>>; readonly securitySchemes?: object };
  readonly security?: readonly object[];
}

type ReadJson = <T>(path: string) => Promise<T>;

/** Everything at `/openapi/v3`, custom kinds included, in an order that does not depend on who asks. */
export async function wholeV3(read: ReadJson): Promise<OpenApiDocument> {
  const index = await read<{ paths: Record<string, { serverRelativeURL: string }> }>('/openapi/v3');
  const documents: OpenApiDocument[] = [];
  for (const { serverRelativeURL } of Object.values(index.paths)) documents.push(await read<OpenApiDocument>(serverRelativeURL));
  const [first] = documents;
  const { info, security, components } = first ?? { components: {} };
  return {
    openapi: '3.0.0',
    ...(info === undefined ? {} : { info }),
    paths: sorted(documents.map(({ paths }) => paths)),
    components: {
      schemas: sorted(documents.map((document) => document.components.schemas ?? {})),
      ...(components.securitySchemes === undefined ? {} : { securitySchemes: components.securitySchemes }),
    },
    ...(security === undefined ? {} : { security }),
  };
}

export const wholeV2 = (read: ReadJson): Promise<object> => read('/openapi/v2');

const sorted = <T>(parts: readonly Readonly<Record<string, T>>[]): Record<string, T> =>
  Object.fromEntries(parts.flatMap((part) => Object.entries(part)).sort(([a], [b]) => (a < b ? -1 : 1)));
