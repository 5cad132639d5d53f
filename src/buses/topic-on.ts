import type { Bus } from './types.ts'

/** What a bus calls a topic of a workspace. The bus inside the process serves all workspaces, so its topics name theirs. */
export const topicOn = ({ name }: Pick<Bus, 'name'>, workspaceId: string, topic: string): string =>
  name === 'local' ? `${workspaceId} ${topic}` : topic
