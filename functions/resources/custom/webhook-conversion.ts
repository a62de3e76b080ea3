/** Versions that a webhook converts into each other. Each result is kept as long as the declaring object stays as it is. */
import { createHash } from 'node:crypto';
import { ConversionNeeded, type WebhookConverter } from '../../kube/conversion-needed.ts';
import { copy } from '../../kube/copy.ts';
import type { CustomResourceDefinition } from '../../kube/generated/types.ts';
import type { JsonObject, KubeObject } from '../../kube/object.ts';
import { apiVersionOf, type ResourceType } from '../../kube/resource-type.ts';
import type { Schema } from '../../kube/schema.ts';
import type { Conversion } from '../definition.ts';

const keptMax = 5_000;

const keyOf = (object: KubeObject, apiVersion: string): string =>
  createHash('sha256').update(apiVersion).update(JSON.stringify(object)).digest('base64');

/** Converts what is known already; throws ConversionNeeded for the rest. */
export type Convert = (object: KubeObject, to: ResourceType, schema: Schema) => KubeObject;

/** Undefined where no webhook is named. */
export function webhookConvert({ spec }: CustomResourceDefinition): Convert | undefined {
  const { strategy, webhook } = spec.conversion ?? {};
  if (strategy !== 'Webhook' || webhook?.clientConfig === undefined) return undefined;
  const known = new Map<string, KubeObject>();
  const converter: WebhookConverter = {
    kind: spec.names.kind,
    clientConfig: webhook.clientConfig,
    reviewVersions: webhook.conversionReviewVersions,
    remember(objects, apiVersion, converted) {
      for (const [index, object] of objects.entries()) {
        const result = converted[index];
        if (result !== undefined) known.set(keyOf(object, apiVersion), result);
      }
      for (const key of known.keys()) {
        if (known.size <= keptMax + objects.length) return;
        known.delete(key);
      }
    },
  };
  return (object, to, schema) => {
    const apiVersion = apiVersionOf(to);
    if (object.apiVersion === apiVersion) return object;
    const result = known.get(keyOf(object, apiVersion));
    if (result === undefined) throw new ConversionNeeded(converter, apiVersion, [object]);
    return { ...(schema.decode(copy(result) as KubeObject & JsonObject).object as KubeObject & JsonObject), apiVersion };
  };
}

export const convertedBy = (convert: Convert, served: ResourceType, stored: ResourceType, schemas: Schemas): Conversion => ({
  toStored: (object) => convert(object, stored, schemas.stored),
  fromStored: (object) => convert(object, served, schemas.served),
});

export interface Schemas {
  readonly served: Schema;
  readonly stored: Schema;
}
