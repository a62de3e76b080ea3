import type { ResourceType } from '../../kube/resource-type.ts';

/** The resources that the API stores at the time of the call. Kinds come and go while a controller runs. */
export type ResourceTypes = () => readonly ResourceType[];
