/** What only writes need of the kind. */
export { validateEndpointSlice as validate, validateEndpointSliceUpdate as validateUpdate } from './validation.ts';
