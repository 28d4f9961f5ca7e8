// Times are written in UTC; pointing at one tells it in the visitor's own zone. Made only then: it takes its time.
let shape = null;

export function tellLocalTimes() {
  document.addEventListener("pointerover", (event) => {
    const time = event.target.closest?.("time[datetime]:not([title])");
    if (time?.dateTime.includes("T")) time.title = told(new Date(time.dateTime));
  });
}

function told(at) {
  if (Number.isNaN(at.valueOf())) return "";
  shape ??= new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
  return `${shape.format(at)}, where you are`;
}
