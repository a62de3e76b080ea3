/**
 * The status of a FlowSchema: whether the level of its requests exists. Decided where the schema or the level is committed.
 * Source: apiserver, pkg/util/flowcontrol/apf_controller.go, presyncFlowSchemaStatus.
 */
import { withCondition } from '../../kube/conditions.ts';
import { copy } from '../../kube/copy.ts';
import { deepEqual } from '../../kube/equality.ts';
import type { FlowSchema, ManagedFieldsEntry, PriorityLevelConfiguration } from '../../kube/generated/types.ts';
import { isTerminating, nameOf } from '../../kube/object.ts';
import { flowSchemas, groupResource, priorityLevelConfigurations } from '../../kube/resource-type.ts';
import { timestamp } from '../../kube/time.ts';
import type { CommitRule, CompanionWrite } from '../definition.ts';

const [schemas, levels] = [groupResource(flowSchemas), groupResource(priorityLevelConfigurations)];
const manager = 'api-priority-and-fairness-config-consumer-v1';
/** How many FlowSchemas of one level are marked with it; others keep their status until their next write. */
const markedSchemasMax = 40;

const levelOf = ({ spec }: FlowSchema): string => spec?.priorityLevelConfiguration?.name ?? '';

/** Changes the status in place, and who manages it. */
function markDangling(schema: FlowSchema, isDangling: boolean, nowMs: number): void {
  const what = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(levelOf(schema))}`;
  const condition = isDangling
    ? { type: 'Dangling', status: 'True', reason: 'NotFound', message: `${what} but there is no such object` }
    : { type: 'Dangling', status: 'False', reason: 'Found', message: `${what} and it exists` };
  const conditions = withCondition(schema.status?.conditions, condition, timestamp(nowMs));
  if (deepEqual(conditions, schema.status?.conditions)) return;
  schema.status = { ...schema.status, conditions };
  const others = (schema.metadata.managedFields ?? []).filter((entry) => entry.manager !== manager);
  schema.metadata.managedFields = [statusEntry(nowMs), ...others];
}

const statusEntry = (nowMs: number): ManagedFieldsEntry => ({
  manager,
  operation: 'Apply',
  apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
  time: timestamp(nowMs),
  fieldsType: 'FieldsV1',
  fieldsV1: {
    'f:status': {
      'f:conditions': {
        'k:{"type":"Dangling"}': {
          '.': {},
          'f:lastTransitionTime': {},
          'f:message': {},
          'f:reason': {},
          'f:status': {},
          'f:type': {},
        },
      },
    },
  },
  subresource: 'status',
});

export const ownLevel: CommitRule<FlowSchema> = {
  operations: ['create', 'update'],
  apply({ next }, view, { nowMs, isDryRun = false }) {
    const level = view.get({ resource: levels, namespace: '', name: levelOf(next) });
    if (!isDryRun) markDangling(next, level === undefined, nowMs);
    return {};
  },
};

export const schemasOfLevel: CommitRule<PriorityLevelConfiguration> = {
  operations: ['create', 'delete'],
  lists: [schemas],
  apply({ operation, next }, view, { nowMs, isDryRun = false }) {
    const isLeft = operation === 'delete' && (next.metadata.finalizers ?? []).length > 0;
    if (isDryRun || isLeft) return {};
    const concerned = view.list(schemas).filter(({ object }) => levelOf(object as FlowSchema) === nameOf(next) && !isTerminating(object));
    const writes = concerned.slice(0, markedSchemasMax).map(({ object }): CompanionWrite => {
      const schema = copy(object as FlowSchema);
      markDangling(schema, operation === 'delete', nowMs);
      return { type: 'update', key: { resource: schemas, namespace: '', name: nameOf(schema) }, object: schema };
    });
    return { writes };
  },
};
