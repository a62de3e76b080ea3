/** The stage that records who manages which fields. */
import type { JsonObject, KubeObject } from '../../kube/object.ts';
import { dropDisabledFields } from '../../kube/unstored-fields.ts';
import type { AppliedObject, FieldWrite } from '../ports.ts';
import { isCustom } from './object-metadata.ts';
import { fieldManagerOf, type WriteRequest } from './write-request.ts';

const fieldWriteOf = (write: WriteRequest): FieldWrite => {
  const { definition, served, info } = write.request;
  return { manager: fieldManagerOf(write), subresource: info.subresource, definition, served, nowMs: write.context.nowMs };
};

export function recordFields(write: WriteRequest, next: KubeObject, current: KubeObject | undefined): void {
  if (write.isRecorded !== true) write.server.fieldManagers.record(next, current, fieldWriteOf(write));
  dropDisabledFields(next as KubeObject & JsonObject, write.request.definition.schema.name);
}

/** Drops what a valid object is never stored with. Only an apply makes such custom objects. */
export function settleFields({ request, isRecorded }: WriteRequest, next: KubeObject): void {
  const { definition } = request;
  if (isRecorded === true || !isCustom(definition)) definition.schema.settle(next as KubeObject & JsonObject);
}

export const applyFields = (write: WriteRequest, configuration: JsonObject, current: KubeObject | undefined): AppliedObject =>
  write.server.fieldManagers.apply(configuration, current, { ...fieldWriteOf(write), force: write.options.force });
