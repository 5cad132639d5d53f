/** Edit distance with transposition. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, beforeLast[j - 2]! + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}

/** The known names that are most similar to `name`, best first. */
export function nearest(name: string, known: Iterable<string>, count = 1): string[] {
  const words = new Set(name.split(/[_\-.\s]+/))
  return [...known]
    .map((candidate) => {
      const shared = candidate.split(/[_\-.\s]+/).filter((word) => words.has(word)).length
      return { candidate, score: editDistance(name, candidate) - 3 * shared }
    })
    .toSorted((a, b) => a.score - b.score || a.candidate.localeCompare(b.candidate))
    .slice(0, count)
    .map(({ candidate }) => candidate)
}
