import type { Outline, Step } from './outline.ts'

/** A box of the graph: what starts the flow, a step, or the frame around the steps of a block. */
export interface Box {
  readonly id: string
  readonly kind: 'trigger' | 'step' | 'frame'
  readonly label: string
  readonly step?: Step
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Arrow {
  readonly from: string
  readonly to: string
}

export interface Layout {
  readonly boxes: readonly Box[]
  readonly arrows: readonly Arrow[]
  readonly width: number
  readonly height: number
}

const stepWidth = 200
const stepHeight = 48
const gap = 28
const padding = 12
const labelHeight = 24

interface Placed {
  readonly boxes: Box[]
  readonly arrows: Arrow[]
  readonly width: number
  readonly height: number
  /** Where arrows arrive, and where they leave. */
  readonly first: string | undefined
  readonly last: readonly string[]
}

const nothing: Placed = { boxes: [], arrows: [], width: 0, height: 0, first: undefined, last: [] }

/**
 * Places nested blocks: steps of a list one below the other, blocks of a step side by side under it, each in a frame. A change moves only what is below
 * or around it, so the picture stays familiar.
 */
export function layoutOf({ triggers, steps, onError }: Outline): Layout {
  const main = column(steps)
  const failure = onError.length === 0 ? nothing : framed('on error', 'on-error', column(onError))
  const starts = triggers.length === 0 ? ['call'] : triggers
  const top = starts.length * (labelHeight + 8) + gap - 8
  const boxes: Box[] = starts.map((label, index) => ({
    id: `trigger ${index}`,
    kind: 'trigger',
    label,
    x: (main.width - stepWidth) / 2,
    y: index * (labelHeight + 8),
    width: stepWidth,
    height: labelHeight,
  }))
  const lastStart = boxes.at(-1)!
  return {
    boxes: [...boxes, ...moved(main.boxes, 0, top), ...moved(failure.boxes, main.width + gap, top)],
    arrows: [...(main.first === undefined ? [] : [{ from: lastStart.id, to: main.first }]), ...main.arrows, ...failure.arrows],
    width: main.width + (failure.width > 0 ? gap + failure.width : 0),
    height: top + Math.max(main.height, failure.height),
  }
}

function column(steps: readonly Step[]): Placed {
  const parts = steps.map(stepPart)
  const width = Math.max(0, ...parts.map((part) => part.width))
  const boxes: Box[] = []
  const arrows: Arrow[] = []
  let y = 0
  let last: readonly string[] = []
  for (const part of parts) {
    boxes.push(...moved(part.boxes, (width - part.width) / 2, y))
    arrows.push(...part.arrows, ...last.map((from) => ({ from, to: part.first! })))
    y += part.height + gap
    last = part.last
  }
  return { boxes, arrows, width, height: Math.max(0, y - gap), first: parts[0]?.first, last }
}

function stepPart(step: Step): Placed {
  const id = step.path.join('/')
  const blocks = step.blocks.map((block, index) => framed(block.label, `${id} ${index}`, column(block.steps)))
  const inner = blocks.reduce((sum, block) => sum + block.width, 0) + Math.max(0, blocks.length - 1) * padding
  const width = Math.max(stepWidth, inner)
  const own: Box = { id, kind: 'step', label: step.id, step, x: (width - stepWidth) / 2, y: 0, width: stepWidth, height: stepHeight }
  const boxes: Box[] = [own]
  const arrows: Arrow[] = []
  const last: string[] = []
  let x = (width - inner) / 2
  for (const block of blocks) {
    boxes.push(...moved(block.boxes, x, stepHeight + gap))
    arrows.push(...block.arrows, { from: id, to: block.first! })
    last.push(...block.last)
    x += block.width + padding
  }
  const tallest = Math.max(0, ...blocks.map((block) => block.height))
  const passes = step.kind === 'if' && blocks.length === 1
  return {
    boxes,
    arrows,
    width,
    height: stepHeight + (blocks.length > 0 ? gap + tallest : 0),
    first: id,
    last: last.length === 0 || passes ? [id, ...last] : last,
  }
}

/** A frame with a label around what is placed. Arrows end at the frame. */
function framed(label: string, id: string, inner: Placed): Placed {
  const width = Math.max(inner.width, stepWidth) + 2 * padding
  const height = inner.height + labelHeight + 2 * padding
  const frame: Box = { id, kind: 'frame', label, x: 0, y: 0, width, height }
  return {
    boxes: [frame, ...moved(inner.boxes, (width - inner.width) / 2, labelHeight + padding)],
    arrows: inner.arrows,
    width,
    height,
    first: id,
    last: [id],
  }
}

function moved(boxes: readonly Box[], x: number, y: number): Box[] {
  return boxes.map((box) => ({ ...box, x: box.x + x, y: box.y + y }))
}
