/** What only writes need of the kind. */
export { validateSlice as validate } from '../slice-validation.ts';
