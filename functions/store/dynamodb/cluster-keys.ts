/** How a key names its cluster: each begins with the id of its cluster. See `item.ts` for the rest of them. */

/** All keys of a cluster begin with this. */
export const clusterKeys = (id: string): string => `${id}#`;

/** Where it is listed which clusters there are: no cluster's keys begin so. */
export const clusterListPartition = '#clusters';

/** The cluster that a partition of the log belongs to; undefined for any other partition. */
export const clusterOfEntries = (partition: string): string | undefined => /^([^#]+)#L#/.exec(partition)?.[1];

/** An attribute that entries have and no other item does: the stream can be filtered by it, whosever they are. */
export const entryAttribute = 'w';
