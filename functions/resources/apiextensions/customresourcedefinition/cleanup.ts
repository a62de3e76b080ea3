/** Keeps a definition until its objects are gone. Source: pkg/apis/apiextensions/v1/types.go. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';
