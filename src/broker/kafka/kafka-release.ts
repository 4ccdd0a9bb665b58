/** The range of versions a broker speaks of each kind of request, by the number of the kind. */
export type SpokenVersions = Readonly<
  Record<number, { readonly minVersion: number; readonly maxVersion: number }>
>;

const FETCH = 1;

/** The releases in which the fetch request got its versions, the newest first. */
const RELEASE_OF_FETCH: readonly (readonly [number, string])[] = [
  [17, '3.9 or later'],
  [16, '3.7 or 3.8'],
  [15, '3.5 or 3.6'],
  [13, '3.1 to 3.4'],
  [12, '2.7 to 3.0'],
  [11, '2.3 to 2.6'],
];

/** The release of a broker as far as its protocol tells: no request asks for it by name. Undefined for older ones. */
export const kafkaRelease = (spoken: SpokenVersions | null | undefined): string | undefined => {
  const newest = spoken?.[FETCH]?.maxVersion;
  return newest === undefined ? undefined : RELEASE_OF_FETCH.find(([version]) => newest >= version)?.[1];
};
