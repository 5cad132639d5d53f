import '@xyflow/react/dist/base.css'
import {
  Handle,
  MarkerType,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  type Edge,
  type Node,
  type NodeProps,
} from '@xyflow/react'
import { CircleAlert, Check, Clock, Loader, Maximize2, Minus, Plus } from 'lucide-react'
import { memo, useEffect, useMemo } from 'react'
import { Button, classes, toneOf, visible, wordOf } from '#ui'
import styles from './graph.module.css'
import { layoutOf, type Box, type Layout } from './layout.ts'
import type { StepsProps } from './types.ts'

type BoxNode = Node<{ readonly box: Box; readonly isSelected: boolean; readonly state: string | undefined }, 'box'>

const nodeTypes = { box: memo(BoxView) }
const icons = { ok: Check, failed: CircleAlert, running: Loader, waiting: Clock, asks: Clock, off: Minus } as const
const arrowHead = { type: MarkerType.ArrowClosed, color: 'var(--edge)', width: 14, height: 14 } as const
const hidden = { opacity: 0, pointerEvents: 'none' } as const

/** The steps as a picture, for the eye and the pointer; the list has the same for keys and readers. */
export const Graph = memo(function Graph(props: StepsProps) {
  const layout = useMemo(() => layoutOf(props.outline), [props.outline])
  return (
    <div className={styles.graph} role="group" aria-label="Graph of the steps. The list shows the same." data-scrolls>
      <ReactFlowProvider>
        <Canvas {...props} layout={layout} />
      </ReactFlowProvider>
    </div>
  )
})

function Canvas({ layout, selected, states, onSelect }: StepsProps & { readonly layout: Layout }) {
  const { boxes, arrows } = layout
  const nodes = useMemo<BoxNode[]>(
    () =>
      boxes.map((box) => ({
        id: box.id,
        type: 'box',
        position: { x: box.x, y: box.y },
        width: box.width,
        height: box.height,
        // Frames are outermost first, so that inner ones lie on them.
        zIndex: box.kind === 'frame' ? 0 : 2,
        initialWidth: box.width,
        initialHeight: box.height,
        data: {
          box,
          isSelected: box.step !== undefined && box.step.id !== '' && box.step.id === selected,
          state: box.step && states.get(box.step.id),
        },
      })),
    [boxes, selected, states],
  )
  const edges = useMemo<Edge[]>(
    () =>
      arrows.map(({ from, to }) => ({
        id: `${from} → ${to}`,
        source: from,
        target: to,
        type: 'smoothstep',
        zIndex: 1,
        markerEnd: arrowHead,
      })),
    [arrows],
  )
  return (
    <>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        defaultViewport={{ x: 16, y: 16, zoom: 1 }}
        minZoom={0.1}
        maxZoom={1.5}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        onlyRenderVisibleElements
        panOnScroll
        zoomOnScroll={false}
        proOptions={{ hideAttribution: true }}
        onNodeClick={(_event, { data }) => data.box.step && onSelect(data.box.step)}
      />
      <Controls layout={layout} selected={selected} />
    </>
  )
}

const margin = 16

function Controls({ layout, selected }: { readonly layout: Layout; readonly selected: string | undefined }) {
  const { zoomIn, zoomOut, fitView, setViewport, getViewport, setCenter } = useReactFlow()
  // Once, at the top of the flow, as wide as it fits.
  useEffect(() => {
    const width = document.querySelector(`.${styles.graph}`)?.clientWidth ?? 0
    const zoom = Math.min(1, Math.max(0.45, (width - 2 * margin) / layout.width))
    void setViewport({ x: Math.max(margin, (width - layout.width * zoom) / 2), y: margin, zoom })
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- later changes must not move the picture.
  }, [])
  useEffect(() => {
    const box = layout.boxes.find(({ step }) => step !== undefined && step.id === selected)
    const place = document.querySelector(`.${styles.graph}`)
    if (!box || !place) return
    const { x, y, zoom } = getViewport()
    const [left, top] = [box.x * zoom + x, box.y * zoom + y]
    const isSeen = left >= 0 && top >= 0 && left + box.width * zoom <= place.clientWidth && top + box.height * zoom <= place.clientHeight
    if (!isSeen) void setCenter(box.x + box.width / 2, box.y + box.height / 2, { zoom })
  }, [selected, layout, getViewport, setCenter])
  return (
    <div className={styles.controls}>
      <Button kind="quiet" iconOnly icon={<Plus aria-hidden />} onClick={() => void zoomIn()}>
        Zoom in
      </Button>
      <Button kind="quiet" iconOnly icon={<Minus aria-hidden />} onClick={() => void zoomOut()}>
        Zoom out
      </Button>
      <Button kind="quiet" iconOnly icon={<Maximize2 aria-hidden />} onClick={() => void fitView({ padding: 0.05 })}>
        Show everything
      </Button>
    </div>
  )
}

function BoxView({ data: { box, isSelected, state } }: NodeProps<BoxNode>) {
  const tone = state === undefined ? undefined : toneOf(state)
  const Icon = tone === undefined ? undefined : icons[tone]
  return (
    <div className={classes(styles.box, styles[box.kind], isSelected && styles.selected)} data-tone={tone} data-step={box.step?.id}>
      <Handle type="target" position={Position.Top} style={hidden} isConnectable={false} />
      {box.step === undefined ? (
        <span className={styles.label}>{visible(box.label)}</span>
      ) : (
        <>
          <span className={styles.name}>
            {Icon === undefined ? null : <Icon aria-label={wordOf(state!)} />}
            {visible(box.label || '(no id)')}
          </span>
          <span className={styles.what}>{visible(box.step.kind === 'uses' ? box.step.what : `${box.step.kind} ${box.step.what}`)}</span>
        </>
      )}
      <Handle type="source" position={Position.Bottom} style={hidden} isConnectable={false} />
    </div>
  )
}
