/** The stage that records who manages which fields. */
import type { KubeObject } from '../../kube/object.ts';
import type { AnyDefinition } from '../../resources/definition.ts';
import type { FieldManagers } from '../ports.ts';
import { fieldManagerOf, type WriteRequest } from './write-request.ts';

/** Records no manager: the server drops what a client sends as `managedFields`. */
export const noFieldManagers: FieldManagers = {
  record(next) {
    delete next.metadata.managedFields;
  },
};

/** What the server resets, by the endpoint that is written to. */
export function resetFieldsOf({ hasStatus, resetFields }: AnyDefinition, subresource: string): readonly string[] {
  if (hasStatus !== true) return resetFields?.main ?? [];
  if (subresource === 'status') return resetFields?.status ?? ['spec'];
  return resetFields?.main ?? ['status'];
}

export function recordFields(write: WriteRequest, next: KubeObject, current: KubeObject | undefined): void {
  const { server, request, context } = write;
  const { definition, served, info } = request;
  server.fieldManagers.record(next, current, {
    manager: fieldManagerOf(write),
    operation: 'Update',
    subresource: info.subresource,
    definition,
    served,
    resetFields: resetFieldsOf(definition, info.subresource),
    nowMs: context.nowMs,
  });
}
