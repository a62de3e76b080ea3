import type { SchemaNode } from '../../../kube/schema.ts';

/** The one schema of a list's items. OpenAPI lets a list have one for each place, which kinds may not; what is no schema is an empty list. */
export const itemsOf = ({ items }: SchemaNode): SchemaNode | undefined => (Array.isArray(items) ? undefined : items);
