"""Start of an attack on the image of a context: network, goal and files."""

from nnviz.base.images import image_from_array
from nnviz.engine.attacks.goals import AttackedModel, choose_goal, gives_shares
from nnviz.engine.attacks.report import AttackRun
from nnviz.engine.attacks.robustness_checks import Files
from nnviz.engine.method import Context


def attacked_model(ctx: Context) -> AttackedModel:
    """Return the network wrapped for attacks.

    Raises:
        OutOfMemoryError: too little memory.
    """
    return AttackedModel(ctx.inference.pixel_model, gives_shares(ctx.model.info))


def start_attack(ctx: Context, target: str, *, towards: bool) -> AttackRun:
    """Return the attack on the image before its first step.

    Args:
        ctx: network and image.
        target: classes, as ``choose_goal`` reads them.
        towards: whether the prediction should become one of them, or none of them.

    Raises:
        UsageError: no class of that name, or no class to reach.
        ModelError: the network does not classify.
    """
    model, attacked, image = ctx.model, attacked_model(ctx), ctx.image
    before = attacked.logits(ctx.pixels)
    return AttackRun(
        attacked_model=attacked,
        info=model.info,
        placement=ctx.placement,
        clean=ctx.pixels,
        before=before,
        chosen=choose_goal(target, model.info, before, towards=towards),
        files=Files(
            photo=lambda pixels: model.photo_of(image, pixels),
            read=lambda pixels: model.pixel_input(image_from_array(pixels)),
        ),
    )
