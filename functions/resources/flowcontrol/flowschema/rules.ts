/** The rules of the kind that only writes need; reads never load them. */
import { ownLevel } from '../dangling.ts';

export { keepMetadata as prepareForStatusUpdate } from '../../status-metadata.ts';
export { validateFlowSchema as validate, validateFlowConditions as validateStatusUpdate } from './validation.ts';

export const commit = [ownLevel];
