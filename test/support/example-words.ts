/** The words of a command line as a shell would hand them over: up to a pipe or a redirection, quotes taken away. */
export const wordsOf = (line: string): readonly string[] => {
  const words: string[] = [];
  for (const [, single, double, bare = ''] of line.matchAll(/'([^']*)'|"([^"]*)"|([^\s'"]+)/g)) {
    const quoted = single ?? double;
    if (quoted === undefined && /^[|<>]$/.test(bare)) break;
    words.push(quoted ?? bare);
  }
  return words;
};
