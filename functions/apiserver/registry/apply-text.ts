/** How messages about an apply name what was sent. Source: apimachinery, pkg/util/managedfields/internal/structuredmerge.go, objectGVKNN. */
import { type JsonObject, isJsonObject } from '../../kube/object.ts';

export function textAt(object: JsonObject, field: string): string {
  const value = object[field];
  return typeof value === 'string' ? value : '';
}

/** `/v1, Kind=Pod`, `apps/v1, Kind=Deployment`. What cannot be a version hides the kind, too. */
export function kindText(apiVersion: string, kind: string): string {
  const slashes = apiVersion.split('/').length - 1;
  if (slashes > 1) return '/, Kind=';
  return `${slashes === 1 ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
}

/** `default/web; apps/v1, Kind=Deployment` */
export function configurationText(configuration: JsonObject): string {
  const metadata = isJsonObject(configuration['metadata']) ? configuration['metadata'] : {};
  const kind = kindText(textAt(configuration, 'apiVersion'), textAt(configuration, 'kind'));
  return `${textAt(metadata, 'namespace')}/${textAt(metadata, 'name')}; ${kind}`;
}
