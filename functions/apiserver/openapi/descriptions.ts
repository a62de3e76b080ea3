/**
 * What definitions and their fields mean, in words. They come from outside, since this project holds no text of
 * others: the host of the apiserver passes them where they are there. See `openapi/generator`.
 */
import { type JsonObject, isJsonObject } from '../../kube/object.ts';

/** Name of a definition → field → text; the field '' is the definition itself. */
export type Descriptions = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The schema with its descriptions. Texts of fields that it does not have are left out. */
export function withDescriptions(schema: JsonObject, texts: Readonly<Record<string, string>> = {}): JsonObject {
  const { properties } = schema;
  const whole = withText(schema, texts['']);
  if (properties === undefined || !isJsonObject(properties)) return whole;
  const parts = Object.entries(properties).map(([field, part]) => [field, isJsonObject(part) ? withText(part, texts[field]) : part]);
  return { ...whole, properties: Object.fromEntries(parts) as JsonObject };
}

const withText = (part: JsonObject, description: string | undefined): JsonObject =>
  description === undefined ? part : { description, ...part };
