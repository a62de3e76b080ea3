/** The rules of the kind that only writes need; reads never load them. */
export { setNamespaceDefaults as setDefaults, setNameLabel as completeValid } from './defaults.ts';
export { validateNamespace as validate, validateNamespaceStatusUpdate as validateStatusUpdate } from './validation.ts';
