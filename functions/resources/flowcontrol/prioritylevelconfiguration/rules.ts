/** The rules of the kind that only writes need; reads never load them. */
import { schemasOfLevel } from '../dangling.ts';

export { setLevelDefaults as setDefaults } from './defaults.ts';
export { keepMetadata as prepareForStatusUpdate } from '../../status-metadata.ts';
export { validateLevel as validate } from './validation.ts';
export { validateFlowConditions as validateStatusUpdate } from '../flowschema/validation.ts';

export const commit = [schemasOfLevel];
