/** Another process runs this job now, or has to because this one stops. Nothing more may be done or written for it here. */
export class JobLost extends Error {
  constructor() {
    super('the job belongs to another process')
  }
}
