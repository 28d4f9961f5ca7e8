// Times are written in UTC; hovering over one tells it in the visitor's own zone.
const shape = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

export function tellLocalTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]:not([title])")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.valueOf()) && time.dateTime.includes("T")) time.title = `${shape.format(at)}, where you are`;
  }
}
