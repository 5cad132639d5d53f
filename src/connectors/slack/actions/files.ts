import { z } from 'zod'
import { hubError } from '#kit'
import { slack } from '../declaration.ts'
import { findChannel } from '../lookup.ts'
import { channel, text, ts } from '../shapes.ts'

const uploadFile = slack.action({
  title: 'Upload a file',
  description:
    'Uploads a text or binary file and, if a channel is given, posts it there with a comment. Use it for logs, reports or pictures that are too long for a message. Returns the file’s id and address.',
  words:
    'upload a file, share a file, send a file, post a file, attach a document, post a picture, send an image, screenshot, share the pdf, share the log, put the report in the channel, spreadsheet, csv, attachment, put a file in the channel, drop the file, spit out the log, post the log file, share a screenshot, share the spreadsheet, share a document, send the picture, post the chart, post the graph, upload the recording, share a pdf, stack trace, dump, post the csv, put the image in, hand over a file, send the presentation, slides, send as a file, post as a snippet, share the zip',
  effect: 'write',
  example: { filename: 'report.txt', content: 'All is well.', channel: 'C0123456' },
  input: z
    .strictObject({
      filename: z.string().min(1).max(255).describe('Name with its ending.'),
      content: z.string().max(5_000_000).optional().describe('A text file’s text.'),
      content_base64: z.string().max(10_000_000).optional().describe('Any file’s bytes in base64.'),
      title: z.string().max(255).optional().describe('Title; the name when left out.'),
      channel: channel.optional(),
      comment: text.optional().describe('Message that is posted with the file.'),
      thread_ts: ts.optional().describe('ts of the message to answer.'),
    })
    .refine((given) => (given.content === undefined) !== (given.content_base64 === undefined), {
      message: 'give either content or content_base64',
    }),
  output: z.object({ id: z.string(), title: z.string().nullish(), permalink: z.string().nullish() }),
  run: async ({ input, http }) => {
    const bytes = input.content === undefined ? Buffer.from(input.content_base64 ?? '', 'base64') : Buffer.from(input.content)
    const to = input.channel === undefined ? undefined : await findChannel(http, input.channel)
    // First Slack returns an upload URL, then the bytes are sent there. Only the last request creates the file, so the others may be repeated.
    const place = await http.post<{ upload_url: string; file_id: string }>('/files.getUploadURLExternal', undefined, {
      form: { filename: input.filename, length: bytes.length },
      repeatable: 'state',
    })
    await http.request({
      method: 'POST',
      path: place.upload_url,
      body: bytes,
      headers: { 'content-type': 'application/octet-stream' },
      authorize: false,
      accept: 'text',
      repeatable: 'state',
    })
    const { files } = await http.post<{ files: { id: string; title?: string; permalink?: string }[] }>('/files.completeUploadExternal', {
      files: [{ id: place.file_id, title: input.title ?? input.filename }],
      channel_id: to,
      initial_comment: input.comment,
      thread_ts: input.thread_ts,
    })
    const [file] = files
    if (!file) throw hubError('vendor_invalid_response', { detail: 'the answer of Slack to the upload contains no file' })
    return file
  },
})

export const fileActions = { upload_file: uploadFile }
