"""Notes of other work, made of sentences as other reports have them: no breast and nothing that localizes."""

from __future__ import annotations

import random
from collections.abc import Iterator

TITLES = """XR CHEST 2 VIEWS
CT HEAD WITHOUT CONTRAST
CT ABDOMEN AND PELVIS WITH CONTRAST
MRI LUMBAR SPINE
ULTRASOUND RENAL
DEXA BONE DENSITY
ECHOCARDIOGRAM REPORT
DISCHARGE SUMMARY
PROGRESS NOTE
OPERATIVE REPORT: LAPAROSCOPIC CHOLECYSTECTOMY
SURGICAL PATHOLOGY REPORT
TELEPHONE ENCOUNTER
COLONOSCOPY
ULTRASOUND GUIDED PARACENTESIS
CT GUIDED LUNG BIOPSY
PICC LINE PLACEMENT
LEFT KNEE INJECTION
CONSULTATION: CARDIOLOGY
EMERGENCY DEPARTMENT NOTE
PHYSICAL THERAPY EVALUATION""".splitlines()

SENTENCES = """The lungs are clear. No pleural effusion or pneumothorax.
Heart size is normal.
There is a 6 mm nodule in the right upper lobe, unchanged since 2024.
No acute intracranial hemorrhage, mass effect or midline shift.
Mild degenerative change at L4-L5 with a small left paracentral protrusion.
The gallbladder was dissected from the liver bed with electrocautery and removed; sponge count correct.
Skin was closed with 4-0 Monocryl. Estimated blood loss 10 mL.
The appendix is normal. No free fluid.
A 2.3 cm simple cyst in the lower pole of the left kidney.
Consent was obtained and a time out was performed.
1% lidocaine was used for local anesthesia. A 19 gauge needle was advanced into the pleural space.
Under ultrasound guidance 2.1 L of straw-colored fluid was drained. The patient tolerated the procedure well.
Complications: None.
Three passes with an 18 gauge core needle were made under CT guidance. Small hematoma along the tract.
Under fluoroscopic guidance a guide wire was advanced into the SVC and the catheter placed over it.
A clip was deployed at the polypectomy site at 35 cm.
T-score of -1.8 at the femoral neck.
Ejection fraction 55 to 60 %. Mild mitral regurgitation.
Patient called about her prescription; advised to take it with food.
Metformin 500 mg twice a day. Return to clinic in 3 months.
Blood pressure 132/84, pulse 72, afebrile.
Denies chest pain, shortness of breath, fever.
Specimen labelled "skin, left forearm": basal cell carcinoma, margins negative.
The right ureteral stent is in good position.
Range of motion improved to 110 degrees; continue exercises at home.
An 8 French drain was placed in the right lower quadrant collection.
Dictated but not read. Preliminary report.
Old code 19290 appears on last year's bill.
Electronically signed by J. Roe, MD on 03/04/2026 10:15
Date of procedure: 2026-02-11
HISTORY: 61-year-old man with cough.
TECHNIQUE: Axial images without contrast.
IMPRESSION: No acute finding.
PLAN: Follow-up in six months.""".splitlines()


def irrelevant(count: int, seed: int = 5) -> Iterator[str]:
    """`count` texts, the same for the same seed."""
    made = random.Random(seed)
    for _ in range(count):
        title = made.choice(TITLES)
        lines = made.sample(SENTENCES, made.randint(0, 14))
        yield made.choice(("\n", "\n\n", "\r\n", " ")).join([title, *lines])
