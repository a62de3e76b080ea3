/** What only writes need of the kind. */
export { setNamespaceDefaults as setDefaults } from './defaults.ts';
export { validateNamespace as validate, validateNamespaceStatusUpdate as validateStatusUpdate } from './validation.ts';
