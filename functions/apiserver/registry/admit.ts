/** Runs the admission plugins: first all that change the object, then all that only look. */
import type { KubeObject } from '../../kube/object.ts';
import type { AdmissionAttributes } from '../ports.ts';
import type { ResourceRequest, Server } from '../server.ts';

export interface Admission {
  readonly operation: AdmissionAttributes['operation'];
  readonly object: KubeObject | undefined;
  readonly oldObject: KubeObject | undefined;
  readonly name: string;
  readonly dryRun: boolean;
}

export function attributesOf(request: ResourceRequest, { operation, object, oldObject, name, dryRun }: Admission): AdmissionAttributes {
  const { type } = request.definition;
  return {
    operation,
    type,
    subresource: request.info.subresource,
    namespace: type.namespaced ? request.info.namespace : '',
    name,
    object,
    oldObject,
    user: request.user,
    dryRun,
  };
}

/** Whether anybody wants to see it: if not, nothing has to be prepared ahead of the commit. */
export const isAdmitted = (server: Server, attributes: AdmissionAttributes): boolean =>
  server.admission.some((plugin) => plugin.handles(attributes));

/** Answers with the object as the plugins left it. */
export async function admit(server: Server, attributes: AdmissionAttributes): Promise<KubeObject | undefined> {
  const plugins = server.admission.filter((plugin) => plugin.handles(attributes));
  for (const plugin of plugins) await plugin.admit?.(attributes);
  for (const plugin of plugins) await plugin.validate?.(attributes);
  return attributes.object;
}
